"""Cities with their region, country and time zone: where stores are and customers live."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Country:
    """One country: the Faker locale of its people, its calling code and its post codes.

    ``post_code`` is the %-pattern of a number below ``post_codes``.
    """

    name: str
    locale: str
    calling_code: str
    post_code: str
    post_codes: int


@dataclass(frozen=True)
class City:
    """One city."""

    name: str
    region: str
    country: Country
    time_zone: str


IRELAND = Country("Ireland", "en_IE", "353", "A94 X%03d", 1000)
GERMANY = Country("Germany", "de_DE", "49", "5%04d", 10_000)
NETHERLANDS = Country("Netherlands", "nl_NL", "31", "3%03d AB", 1000)
FRANCE = Country("France", "fr_FR", "33", "6%04d", 10_000)
SPAIN = Country("Spain", "es_ES", "34", "2%04d", 10_000)
FINLAND = Country("Finland", "fi_FI", "358", "1%04d", 10_000)

COUNTRIES = (IRELAND, GERMANY, NETHERLANDS, FRANCE, SPAIN, FINLAND)

CITIES: tuple[City, ...] = (
    City("Dublin", "Leinster", IRELAND, "Europe/Dublin"),
    City("Berlin", "Berlin", GERMANY, "Europe/Berlin"),
    City("Amsterdam", "North Holland", NETHERLANDS, "Europe/Amsterdam"),
    City("Madrid", "Community of Madrid", SPAIN, "Europe/Madrid"),
    City("Helsinki", "Uusimaa", FINLAND, "Europe/Helsinki"),
    City("Lyon", "Auvergne-Rhône-Alpes", FRANCE, "Europe/Paris"),
    City("Munich", "Bavaria", GERMANY, "Europe/Berlin"),
    City("Cork", "Munster", IRELAND, "Europe/Dublin"),
    City("Las Palmas", "Canary Islands", SPAIN, "Atlantic/Canary"),
    City("Utrecht", "Utrecht", NETHERLANDS, "Europe/Amsterdam"),
    City("Hamburg", "Hamburg", GERMANY, "Europe/Berlin"),
    City("Paris", "Île-de-France", FRANCE, "Europe/Paris"),
    City("Galway", "Connacht", IRELAND, "Europe/Dublin"),
    City("Cologne", "North Rhine-Westphalia", GERMANY, "Europe/Berlin"),
    City("Valencia", "Valencian Community", SPAIN, "Europe/Madrid"),
    City("Rotterdam", "South Holland", NETHERLANDS, "Europe/Amsterdam"),
    City("Nantes", "Pays de la Loire", FRANCE, "Europe/Paris"),
    City("Tampere", "Pirkanmaa", FINLAND, "Europe/Helsinki"),
    City("Leipzig", "Saxony", GERMANY, "Europe/Berlin"),
    City("Seville", "Andalusia", SPAIN, "Europe/Madrid"),
    City("Limerick", "Munster", IRELAND, "Europe/Dublin"),
    City("Toulouse", "Occitanie", FRANCE, "Europe/Paris"),
    City("Eindhoven", "North Brabant", NETHERLANDS, "Europe/Amsterdam"),
    City("Stuttgart", "Baden-Württemberg", GERMANY, "Europe/Berlin"),
)
