"""The zone names that PHP 8.2 knows, recorded from it.

Abbreviations come from `timezone_abbreviations_list()` (if several zones share one, PHP means the
first), identifiers from `timezone_identifiers_list(DateTimeZone::ALL_WITH_BC)`.
`tests/strtotime/test_strtotime_zone_names.py` compares both with a running PHP.
"""

from __future__ import annotations

from typing import Final

# "abbreviation seconds-east-of-UTC"; the offset of a daylight-saving name includes the hour.
_STANDARD: Final = """
acst:34200  aest:36000  ahst:-36000  akst:-32400  amt:-13840  ast:-14400  awst:28800  bmt:-14309
cast:34200  cat:7200  cet:3600  chst:36000  cmt:-15408  cst:-21600  dmt:-1521  eat:10800  eet:7200
emt:-26248  est:-18000  ffmt:-14660  fmt:-4056  gmt:0  gst:36000  hkt:28800  hmt:-19776
hst:-36000  imt:25025  ist:7200  jmt:8440  jst:32400  kmt:5736  kst:30600  met:3600  mmt:9017
msk:10800  mst:-25200  nst:-12600  nzmt:41400  nzst:43200  pkt:18000  plmt:25590  pmt:-13236
ppmt:-17340  pst:-28800  qmt:-18840  rmt:5794  sast:7200  sdmt:-16800  sjmt:-20173  smt:-13884
sst:-39600  tbmt:10751  tmt:12344  uct:0  utc:0  wat:3600  wet:0  wib:25200  wit:32400  wita:28800
wmt:5040  yst:-32400
"""
_DAYLIGHT: Final = """
acdt:37800  addt:-7200  adt:-10800  aedt:39600  ahdt:-32400  akdt:-28800  apt:-10800  awdt:32400
awt:-10800  bdst:7200  bdt:-36000  bst:3600  cddt:-14400  cdt:-18000  cemt:10800  cest:7200
cpt:-18000  cwt:-18000  eddt:-10800  edt:-14400  eest:10800  ept:-14400  ewt:-14400  gdt:39600
hdt:-34200  hkst:32400  hpt:-34200  hwt:-34200  iddt:14400  idt:10800  jdt:36000  kdt:36000
lst:9394  mddt:-18000  mdst:16279  mdt:-21600  mest:7200  mpt:-21600  msd:14400  mwt:-21600
nddt:-5400  ndt:-9052  npt:-9000  nwt:-9000  nzdt:46800  pddt:-21600  pdt:-25200  pkst:21600
ppt:-25200  pwt:-25200  wast:7200  wemt:7200  west:3600  yddt:-25200  ydt:-28800  ypt:-28800
ywt:-28800
"""

_BY_REGION: Final[dict[str, str]] = {
    "": (
        "CET CST6CDT Cuba EET EST EST5EDT Egypt Eire Factory GB GB-Eire GMT GMT+0 GMT-0 GMT0 "
        "Greenwich HST Hongkong Iceland Iran Israel Jamaica Japan Kwajalein Libya MET MST "
        "MST7MDT NZ NZ-CHAT Navajo PRC PST8PDT Poland Portugal ROC ROK Singapore Turkey UCT "
        "UTC Universal W-SU WET Zulu"
    ),
    "Africa": (
        "Abidjan Accra Addis_Ababa Algiers Asmara Asmera Bamako Bangui Banjul Bissau Blantyre "
        "Brazzaville Bujumbura Cairo Casablanca Ceuta Conakry Dakar Dar_es_Salaam Djibouti "
        "Douala El_Aaiun Freetown Gaborone Harare Johannesburg Juba Kampala Khartoum Kigali "
        "Kinshasa Lagos Libreville Lome Luanda Lubumbashi Lusaka Malabo Maputo Maseru Mbabane "
        "Mogadishu Monrovia Nairobi Ndjamena Niamey Nouakchott Ouagadougou Porto-Novo "
        "Sao_Tome Timbuktu Tripoli Tunis Windhoek"
    ),
    "America": (
        "Adak Anchorage Anguilla Antigua Araguaina Aruba Asuncion Atikokan Atka Bahia "
        "Bahia_Banderas Barbados Belem Belize Blanc-Sablon Boa_Vista Bogota Boise "
        "Buenos_Aires Cambridge_Bay Campo_Grande Cancun Caracas Catamarca Cayenne Cayman "
        "Chicago Chihuahua Ciudad_Juarez Coral_Harbour Cordoba Costa_Rica Coyhaique Creston "
        "Cuiaba Curacao Danmarkshavn Dawson Dawson_Creek Denver Detroit Dominica Edmonton "
        "Eirunepe El_Salvador Ensenada Fort_Nelson Fort_Wayne Fortaleza Glace_Bay Godthab "
        "Goose_Bay Grand_Turk Grenada Guadeloupe Guatemala Guayaquil Guyana Halifax Havana "
        "Hermosillo Indianapolis Inuvik Iqaluit Jamaica Jujuy Juneau Knox_IN Kralendijk "
        "La_Paz Lima Los_Angeles Louisville Lower_Princes Maceio Managua Manaus Marigot "
        "Martinique Matamoros Mazatlan Mendoza Menominee Merida Metlakatla Mexico_City "
        "Miquelon Moncton Monterrey Montevideo Montreal Montserrat Nassau New_York Nipigon "
        "Nome Noronha Nuuk Ojinaga Panama Pangnirtung Paramaribo Phoenix Port-au-Prince "
        "Port_of_Spain Porto_Acre Porto_Velho Puerto_Rico Punta_Arenas Rainy_River "
        "Rankin_Inlet Recife Regina Resolute Rio_Branco Rosario Santa_Isabel Santarem "
        "Santiago Santo_Domingo Sao_Paulo Scoresbysund Shiprock Sitka St_Barthelemy St_Johns "
        "St_Kitts St_Lucia St_Thomas St_Vincent Swift_Current Tegucigalpa Thule Thunder_Bay "
        "Tijuana Toronto Tortola Vancouver Virgin Whitehorse Winnipeg Yakutat Yellowknife"
    ),
    "America/Argentina": (
        "Buenos_Aires Catamarca ComodRivadavia Cordoba Jujuy La_Rioja Mendoza Rio_Gallegos "
        "Salta San_Juan San_Luis Tucuman Ushuaia"
    ),
    "America/Indiana": "Indianapolis Knox Marengo Petersburg Tell_City Vevay Vincennes Winamac",
    "America/Kentucky": "Louisville Monticello",
    "America/North_Dakota": "Beulah Center New_Salem",
    "Antarctica": (
        "Casey Davis DumontDUrville Macquarie Mawson McMurdo Palmer Rothera South_Pole Syowa "
        "Troll Vostok"
    ),
    "Arctic": "Longyearbyen",
    "Asia": (
        "Aden Almaty Amman Anadyr Aqtau Aqtobe Ashgabat Ashkhabad Atyrau Baghdad Bahrain Baku "
        "Bangkok Barnaul Beirut Bishkek Brunei Calcutta Chita Choibalsan Chongqing Chungking "
        "Colombo Dacca Damascus Dhaka Dili Dubai Dushanbe Famagusta Gaza Harbin Hebron "
        "Ho_Chi_Minh Hong_Kong Hovd Irkutsk Istanbul Jakarta Jayapura Jerusalem Kabul "
        "Kamchatka Karachi Kashgar Kathmandu Katmandu Khandyga Kolkata Krasnoyarsk "
        "Kuala_Lumpur Kuching Kuwait Macao Macau Magadan Makassar Manila Muscat Nicosia "
        "Novokuznetsk Novosibirsk Omsk Oral Phnom_Penh Pontianak Pyongyang Qatar Qostanay "
        "Qyzylorda Rangoon Riyadh Saigon Sakhalin Samarkand Seoul Shanghai Singapore "
        "Srednekolymsk Taipei Tashkent Tbilisi Tehran Tel_Aviv Thimbu Thimphu Tokyo Tomsk "
        "Ujung_Pandang Ulaanbaatar Ulan_Bator Urumqi Ust-Nera Vientiane Vladivostok Yakutsk "
        "Yangon Yekaterinburg Yerevan"
    ),
    "Atlantic": (
        "Azores Bermuda Canary Cape_Verde Faeroe Faroe Jan_Mayen Madeira Reykjavik "
        "South_Georgia St_Helena Stanley"
    ),
    "Australia": (
        "ACT Adelaide Brisbane Broken_Hill Canberra Currie Darwin Eucla Hobart LHI Lindeman "
        "Lord_Howe Melbourne NSW North Perth Queensland South Sydney Tasmania Victoria West "
        "Yancowinna"
    ),
    "Brazil": "Acre DeNoronha East West",
    "Canada": "Atlantic Central Eastern Mountain Newfoundland Pacific Saskatchewan Yukon",
    "Chile": "Continental EasterIsland",
    "Etc": (
        "GMT GMT+0 GMT+1 GMT+10 GMT+11 GMT+12 GMT+2 GMT+3 GMT+4 GMT+5 GMT+6 GMT+7 GMT+8 GMT+9 "
        "GMT-0 GMT-1 GMT-10 GMT-11 GMT-12 GMT-13 GMT-14 GMT-2 GMT-3 GMT-4 GMT-5 GMT-6 GMT-7 "
        "GMT-8 GMT-9 GMT0 Greenwich UCT UTC Universal Zulu"
    ),
    "Europe": (
        "Amsterdam Andorra Astrakhan Athens Belfast Belgrade Berlin Bratislava Brussels "
        "Bucharest Budapest Busingen Chisinau Copenhagen Dublin Gibraltar Guernsey Helsinki "
        "Isle_of_Man Istanbul Jersey Kaliningrad Kiev Kirov Kyiv Lisbon Ljubljana London "
        "Luxembourg Madrid Malta Mariehamn Minsk Monaco Moscow Nicosia Oslo Paris Podgorica "
        "Prague Riga Rome Samara San_Marino Sarajevo Saratov Simferopol Skopje Sofia "
        "Stockholm Tallinn Tirane Tiraspol Ulyanovsk Uzhgorod Vaduz Vatican Vienna Vilnius "
        "Volgograd Warsaw Zagreb Zaporozhye Zurich"
    ),
    "Indian": (
        "Antananarivo Chagos Christmas Cocos Comoro Kerguelen Mahe Maldives Mauritius Mayotte "
        "Reunion"
    ),
    "Mexico": "BajaNorte BajaSur General",
    "Pacific": (
        "Apia Auckland Bougainville Chatham Chuuk Easter Efate Enderbury Fakaofo Fiji "
        "Funafuti Galapagos Gambier Guadalcanal Guam Honolulu Johnston Kanton Kiritimati "
        "Kosrae Kwajalein Majuro Marquesas Midway Nauru Niue Norfolk Noumea Pago_Pago Palau "
        "Pitcairn Pohnpei Ponape Port_Moresby Rarotonga Saipan Samoa Tahiti Tarawa Tongatapu "
        "Truk Wake Wallis Yap"
    ),
    "US": (
        "Alaska Aleutian Arizona Central East-Indiana Eastern Hawaii Indiana-Starke Michigan "
        "Mountain Pacific Samoa"
    ),
}

MILITARY: Final[dict[str, int]] = {
    **{letter: hours for hours, letter in enumerate("abcdefghiklm", start=1)},
    **{letter: -hours for hours, letter in enumerate("nopqrstuvwxy", start=1)},
    "z": 0,
}
"""One-letter zones to hours east of UTC. The letter `j` does not name a zone."""


def _abbreviations() -> dict[str, tuple[int, bool]]:
    table = {letter: (hours * 3600, False) for letter, hours in MILITARY.items()}
    for text, daylight in ((_STANDARD, False), (_DAYLIGHT, True)):
        for entry in text.split():
            name, _, offset = entry.partition(":")
            table[name] = (int(offset), daylight)
    return table


ABBREVIATIONS: Final[dict[str, tuple[int, bool]]] = _abbreviations()
"""Abbreviations in lower case, with (seconds east of UTC, whether it is daylight-saving time)."""

IDENTIFIERS: Final[dict[str, str]] = {
    (identifier := f"{region}/{name}".lstrip("/")).lower(): identifier
    for region, names in _BY_REGION.items()
    for name in names.split()
}
"""Identifiers in lower case, with the spelling that `zoneinfo` needs."""
