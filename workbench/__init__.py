"""What builds and checks the product, with the standard library alone; the product imports none of it."""
