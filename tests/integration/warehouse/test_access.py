"""What `warehouse_url` makes ready, on a server of one's own and embedded."""

from loyalty_lens.settings import Settings
from loyalty_lens.warehouse.access import bi_url, warehouse_url
from loyalty_lens.warehouse.connection import connected


def test_own_server_lets_lens_bi_in(settings: Settings) -> None:
    assert warehouse_url(settings) == settings.database_url
    with connected(bi_url(settings) or "") as connection, connection.cursor() as cursor:
        cursor.execute("select current_user")
        assert cursor.fetchone() == ("lens_bi",)
