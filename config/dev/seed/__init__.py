"""The demo world: five customers of one IM cloud, made through the product's own doors."""
