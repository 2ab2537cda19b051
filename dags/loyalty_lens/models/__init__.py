"""Lifetime value, churn and clusters: fitted after the marts, in a process of their own."""
