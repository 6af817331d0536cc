"""The demo operator «Ладога Телеком»: invented people, plans, payments, and files of its switches."""
