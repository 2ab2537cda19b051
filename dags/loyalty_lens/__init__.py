"""Loyalty Lens: the pipeline from daily files to points, RFM and segments."""
