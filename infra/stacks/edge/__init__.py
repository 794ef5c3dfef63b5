"""The optional edge: CloudFront and WAF in front of the HTTP API, and the lock behind them."""
