"""
What makes a bill cheaper: coupons, basket offers, discounts of prices and of charges.
"""
