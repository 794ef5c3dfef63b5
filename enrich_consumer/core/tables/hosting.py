"""Networks of data centres: machines live there, people hardly do. Our own list of well-known ones."""

import re

NUMBERS = frozenset(
    {
        16509,  # Amazon
        14618,  # Amazon
        8987,  # Amazon
        396982,  # Google Cloud
        15169,  # Google
        19527,  # Google
        8075,  # Microsoft
        8068,  # Microsoft
        31898,  # Oracle Cloud
        36351,  # IBM Cloud, SoftLayer
        45102,  # Alibaba
        37963,  # Alibaba
        132203,  # Tencent
        45090,  # Tencent
        136907,  # Huawei Cloud
        55990,  # Huawei Cloud
        14061,  # DigitalOcean
        16276,  # OVH
        24940,  # Hetzner
        213230,  # Hetzner Cloud
        63949,  # Akamai, Linode
        20473,  # Vultr
        51167,  # Contabo
        12876,  # Scaleway
        60781,  # Leaseweb
        28753,  # Leaseweb
        30633,  # Leaseweb
        9009,  # M247
        212238,  # Datacamp
        60068,  # Datacamp, CDN77
        13335,  # Cloudflare
        54113,  # Fastly
        53667,  # FranTech
        36352,  # ColoCrossing
        46606,  # Unified Layer
        26496,  # GoDaddy
        8560,  # IONOS
        47583,  # Hostinger
        62240,  # Clouvider
        49981,  # WorldStream
        202053,  # UpCloud
        197540,  # netcup
        50673,  # Serverius
        29802,  # HIVELOCITY
        32244,  # Liquid Web
        33070,  # Rackspace
        19994,  # Rackspace
        27357,  # Rackspace
        46475,  # Limestone
        55286,  # ServerMania
        8100,  # QuadraNet
        40676,  # Psychz
        53850,  # GorillaServers
        262287,  # Latitude.sh, Brazil
        28299,  # Cyberweb, Brazil
        27715,  # Locaweb, Brazil
        53055,  # HostDime, Brazil
        263812,  # Magalu Cloud and others, Brazil
    }
)
_WORDS = re.compile(
    r"hosting|data ?cent(?:er|re)|\bcloud\b|dedicated server|\bvps\b|colocation|\bcolo\b|\bservers?\b"
    r"|digitalocean|hetzner|\bovh\b|linode|vultr|contabo|leaseweb|scaleway|choopa|amazon|locaweb",
    re.IGNORECASE,
)


def is_hosting(number: int | None, organization: str | None) -> bool:
    """Whether the autonomous system rents out machines, by its number or by its name."""
    return number in NUMBERS or (organization is not None and _WORDS.search(organization) is not None)
