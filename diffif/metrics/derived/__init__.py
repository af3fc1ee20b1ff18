"""What several metrics are made of: planes of grey levels and everything that is derived from them."""
