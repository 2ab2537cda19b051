"""The last lines of `make up`: three addresses, who logs in there, and where the password is."""

from collections.abc import Mapping

from loyalty_lens.stack import env_file, ports


def main() -> None:
    """Prints them for the .env of the current folder."""
    print("\n".join(lines(env_file.settings())))


def lines(values: Mapping[str, str]) -> list[str]:
    """The three addresses, and where the data come from; no password is among them."""
    airflow, metabase, warehouse = (ports.number(port, values) for port in ports.PORTS)
    is_demo = values.get("LENS_DEMO") == "1"
    database = "loyalty_lens_demo" if is_demo else "loyalty_lens"
    table = [
        (
            "Airflow",
            f"http://localhost:{airflow}",
            values.get("AIRFLOW_USER", "admin"),
            "AIRFLOW_PASSWORD",
        ),
        (
            "Metabase",
            f"http://localhost:{metabase}",
            values.get("LENS_METABASE_EMAIL", "admin@example.com"),
            "LENS_METABASE_PASSWORD",
        ),
        (
            "Warehouse",
            f"postgresql://{ports.HOST}:{warehouse}/{database}",
            "lens_owner",
            "WAREHOUSE_PASSWORD",
        ),
        ("", "  the same, read only, for BI tools", "lens_bi", "LENS_BI_PASSWORD"),
    ]
    widths = [max(len(row[column]) for row in table) for column in range(3)]
    landing = values.get("LENS_LANDING", "landing")
    if is_demo:
        head = "An invented shop (LENS_DEMO=1): its first run starts by itself."
    else:
        head = f"The DAG loyalty_daily loads your files from {landing}/."
    return [
        *(
            f"{name:{widths[0]}}  {address:{widths[1]}}  user {user:{widths[2]}}"
            f"  password: {variable} in .env"
            for name, address, user, variable in table
        ),
        f"{head} make logs shows what happens, make smoke checks everything.",
    ]


if __name__ == "__main__":
    main()
