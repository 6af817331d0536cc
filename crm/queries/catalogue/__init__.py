"""The catalogue as the editor shows it: plans, decks, zones, packages, comparisons."""
