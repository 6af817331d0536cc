"""Ways to the services of others: plain values in and out."""
