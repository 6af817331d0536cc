"""The ground floor: money, periods, events, job runs, states. Knows no app above it."""
