"""Commands of rating."""
