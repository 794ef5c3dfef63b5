"""ISO 3166 data that a flat database lacks: the continent of a country, codes of some regions."""

_BY_CONTINENT = {
    "AF": "DZ AO BJ BW BF BI CV CM CF TD KM CG CD CI DJ EG GQ ER SZ ET GA GM GH GN GW KE LS LR LY MG MW ML MR MU "
    "YT MA MZ NA NE NG RE RW SH ST SN SC SL SO ZA SS SD TZ TG TN UG EH ZM ZW",
    "AN": "AQ BV GS HM TF",
    "AS": "AF AM AZ BH BD BT BN KH CN CX CC CY GE HK IN ID IR IQ IL JP JO KZ KW KG LA LB MO MY MV MN MM NP KP OM "
    "PK PS PH QA SA SG KR LK SY TW TJ TH TL TM TR AE UZ VN YE IO",
    "EU": "AX AL AD AT BY BE BA BG HR CZ DK EE FO FI FR DE GI GR GG HU IS IE IM IT JE XK LV LI LT LU MT MD MC ME "
    "NL MK NO PL PT RO RU SM RS SK SI ES SJ SE CH UA GB VA",
    "NA": "AI AG AW BS BB BZ BM BQ CA KY CR CU CW DM DO SV GL GD GP GT HT HN JM MQ MX MS NI PA PR BL KN LC MF PM "
    "VC SX TT TC US VG VI",
    "OC": "AS AU CK FJ PF GU KI MH FM NR NC NZ NU NF MP PW PG PN WS SB TK TO TV UM VU WF",
    "SA": "AR BO BR CL CO EC FK GF GY PY PE SR UY VE",
}
CONTINENTS = {country: code for code, text in _BY_CONTINENT.items() for country in text.split()}

_REGIONS = {
    "BR": "Acre=AC|Alagoas=AL|Amapa=AP|Amazonas=AM|Bahia=BA|Ceara=CE|Federal District=DF|Distrito Federal=DF|"
    "Espirito Santo=ES|Goias=GO|Maranhao=MA|Mato Grosso=MT|Mato Grosso do Sul=MS|Minas Gerais=MG|Para=PA|"
    "Paraiba=PB|Parana=PR|Pernambuco=PE|Piaui=PI|Rio de Janeiro=RJ|Rio Grande do Norte=RN|"
    "Rio Grande do Sul=RS|Rondonia=RO|Roraima=RR|Santa Catarina=SC|Sao Paulo=SP|Sergipe=SE|Tocantins=TO",
    "US": "Alabama=AL|Alaska=AK|Arizona=AZ|Arkansas=AR|California=CA|Colorado=CO|Connecticut=CT|Delaware=DE|"
    "District of Columbia=DC|Florida=FL|Georgia=GA|Hawaii=HI|Idaho=ID|Illinois=IL|Indiana=IN|Iowa=IA|"
    "Kansas=KS|Kentucky=KY|Louisiana=LA|Maine=ME|Maryland=MD|Massachusetts=MA|Michigan=MI|Minnesota=MN|"
    "Mississippi=MS|Missouri=MO|Montana=MT|Nebraska=NE|Nevada=NV|New Hampshire=NH|New Jersey=NJ|"
    "New Mexico=NM|New York=NY|North Carolina=NC|North Dakota=ND|Ohio=OH|Oklahoma=OK|Oregon=OR|"
    "Pennsylvania=PA|Rhode Island=RI|South Carolina=SC|South Dakota=SD|Tennessee=TN|Texas=TX|Utah=UT|"
    "Vermont=VT|Virginia=VA|Washington=WA|West Virginia=WV|Wisconsin=WI|Wyoming=WY",
}
REGIONS = {
    (country, name): code
    for country, text in _REGIONS.items()
    for name, code in (one.split("=") for one in text.split("|"))
}
"""ISO 3166-2 codes by country and the English name without accents, as DB-IP writes it."""
