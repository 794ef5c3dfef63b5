"""The table `cart_events`: carts that were left behind and what became of them. docs/carts.md has the rules."""

from schemas.columns import Column

COLUMNS = (
    Column("row_id", "string", "UUID from cart, revision and name; a row delivered twice has one id."),
    Column("event_name", "string", "cart_abandoned, cart_recovered or cart_retracted."),
    Column(
        "event_at",
        "timestamp",
        "Abandoned: the moment at which it counts as such. Else when it was bought or emptied.",
    ),
    Column("site", "string", "The storefront."),
    Column("visitor_id", "string", "The visitor of the cart."),
    Column("user_id", "string", "The newest user id of the visitor since the cart was begun."),
    Column("cart_id", "string", "The cart, from its first item until it is bought or empty."),
    Column("revision", "int", "Counts changes of the content; each is reported as abandoned at most once."),
    Column("answers", "string", "Of recovered and retracted: row_id of the cart_abandoned row."),
    Column(
        "items",
        "array<struct<item_id:string,item_name:string,item_variant:string,price:decimal(18,4),currency:string,"
        "quantity:int>>",
        "What lies in it; only of cart_abandoned.",
    ),
    Column("items_quantity", "int", "Pieces over all items."),
    Column(
        "value",
        "decimal(18,4)",
        "Of the cart, where all prices are known and of one currency; else of the order.",
    ),
    Column("currency", "string", "ISO 4217 of value."),
    Column("last_event_at", "timestamp", "The newest event of the visitor."),
    Column("last_page_path", "string", "The newest page of the visitor."),
    Column("transaction_id", "string", "The order that the cart became."),
)
