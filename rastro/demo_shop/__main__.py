"""`python -m rastro.demo_shop`: serve the shop and its payment provider until the process is ended."""

import argparse
import threading

from rastro.demo_shop.server import servers


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m rastro.demo_shop", description=__doc__)
    parser.add_argument("--api-url", required=True, help="of the pipeline, without /v1/events")
    parser.add_argument("--key", required=True, help="the site's")
    parser.add_argument("--port", type=int, required=True, help="of the shop")
    parser.add_argument("--payment-port", type=int, required=True, help="of the payment provider")
    args = parser.parse_args()
    shop, payment = servers(args.api_url, args.key, args.port, args.payment_port)
    threading.Thread(target=payment.serve_forever, daemon=True).start()
    shop.serve_forever()


if __name__ == "__main__":
    main()
