"""The sites document of the adapters' tests: one shop that other makers' clients know by their own names."""

import json

PUBLIC = "pk_test_loja_0001"
SECRET = "sk_test_loja_00000001"
WEBSITE = "50429a93-8479-4073-be80-d5d29c09c2ec"
ALIASES = ["wk_test", "G-XXXX", "G-AAAA", "G-X", "shop", "loja.example", WEBSITE]
SITES = json.dumps(
    {
        "version": 1,
        "sites": {
            "loja": {
                "keys": [PUBLIC],
                "aliases": ALIASES,
                "secret_keys": [SECRET],
                "post_paths": ["/com.loja/track"],
                "ip_policy": "full",
            },
            "outra": {
                "keys": ["pk_test_outra_001"],
                "aliases": ["G-OUTRA"],
                "secret_keys": ["sk_test_outra_0000001"],
                "origins": ["https://outra.example"],
                "cookieless": False,
            },
        },
    }
).encode()
