"""The pure rating core: columns of usage in, priced columns out (docs/map.md)."""
