"""Cities with their region, country and time zone: where stores are and customers live."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Country:
    """One country: the Faker locale of its people and its calling code."""

    name: str
    locale: str
    calling_code: str


@dataclass(frozen=True)
class City:
    """One city; ``post_code`` is the %-pattern of its codes, for numbers below ``post_codes``."""

    name: str
    region: str
    country: Country
    time_zone: str
    post_code: str

    @property
    def post_codes(self) -> int:
        """How many different codes the pattern gives."""
        digits = self.post_code.partition("%0")[2][0]
        return int(10 ** int(digits))


IRELAND = Country("Ireland", "en_IE", "353")
GERMANY = Country("Germany", "de_DE", "49")
NETHERLANDS = Country("Netherlands", "nl_NL", "31")
FRANCE = Country("France", "fr_FR", "33")
SPAIN = Country("Spain", "es_ES", "34")
FINLAND = Country("Finland", "fi_FI", "358")

COUNTRIES = (IRELAND, GERMANY, NETHERLANDS, FRANCE, SPAIN, FINLAND)

CITIES: tuple[City, ...] = (
    City("Dublin", "Leinster", IRELAND, "Europe/Dublin", "D02 X%03d"),
    City("Berlin", "Berlin", GERMANY, "Europe/Berlin", "10%03d"),
    City("Amsterdam", "North Holland", NETHERLANDS, "Europe/Amsterdam", "10%02d AB"),
    City("Madrid", "Community of Madrid", SPAIN, "Europe/Madrid", "280%02d"),
    City("Helsinki", "Uusimaa", FINLAND, "Europe/Helsinki", "00%02d0"),
    City("Lyon", "Auvergne-Rhône-Alpes", FRANCE, "Europe/Paris", "6900%01d"),
    City("Munich", "Bavaria", GERMANY, "Europe/Berlin", "80%03d"),
    City("Cork", "Munster", IRELAND, "Europe/Dublin", "T12 X%03d"),
    City("Las Palmas", "Canary Islands", SPAIN, "Atlantic/Canary", "350%02d"),
    City("Utrecht", "Utrecht", NETHERLANDS, "Europe/Amsterdam", "35%02d CD"),
    City("Hamburg", "Hamburg", GERMANY, "Europe/Berlin", "20%03d"),
    City("Paris", "Île-de-France", FRANCE, "Europe/Paris", "750%02d"),
    City("Galway", "Connacht", IRELAND, "Europe/Dublin", "H91 A%03d"),
    City("Cologne", "North Rhine-Westphalia", GERMANY, "Europe/Berlin", "50%03d"),
    City("Valencia", "Valencian Community", SPAIN, "Europe/Madrid", "460%02d"),
    City("Rotterdam", "South Holland", NETHERLANDS, "Europe/Amsterdam", "30%02d EF"),
    City("Nantes", "Pays de la Loire", FRANCE, "Europe/Paris", "44%02d0"),
    City("Tampere", "Pirkanmaa", FINLAND, "Europe/Helsinki", "33%02d0"),
    City("Leipzig", "Saxony", GERMANY, "Europe/Berlin", "04%03d"),
    City("Seville", "Andalusia", SPAIN, "Europe/Madrid", "410%02d"),
    City("Limerick", "Munster", IRELAND, "Europe/Dublin", "V94 Y%03d"),
    City("Toulouse", "Occitanie", FRANCE, "Europe/Paris", "31%02d0"),
    City("Eindhoven", "North Brabant", NETHERLANDS, "Europe/Amsterdam", "56%02d GH"),
    City("Stuttgart", "Baden-Württemberg", GERMANY, "Europe/Berlin", "70%03d"),
)
