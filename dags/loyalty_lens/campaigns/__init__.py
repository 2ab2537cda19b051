"""Lists of customers who are to be written to, with a control group, and who was on them."""
