"""All measurements, one after the other."""

from bench.rating import main

if __name__ == "__main__":
    main()
