"""Starts the embedded services and supervises the product's processes (`make demo`, `make test`)."""
