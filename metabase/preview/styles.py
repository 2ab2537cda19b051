"""What the page looks like beyond Streamlit's theme."""

STYLE = """
<style>
[data-testid="stMainBlockContainer"] {padding-top: 2.5rem; padding-bottom: 2rem}
.lens-scroll {overflow: auto}
.lens-table {width: 100%; border-collapse: collapse; font-size: 0.86rem; line-height: 1.35}
.lens-table th {text-align: left; font-weight: 600; border-bottom: 2px solid #D5DAE1}
.lens-table thead th {position: sticky; top: 0; background: #FFFFFF}
.lens-table th, .lens-table td {padding: 0.38rem 0.6rem; vertical-align: top}
.lens-table td {border-bottom: 1px solid #EBEEF2}
.lens-table .number {text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap}
.lens-table .date {white-space: nowrap}
.lens-table a {color: #0072B2}
[data-testid="stMetricValue"] > div {font-size: 1.7rem; text-overflow: clip; white-space: normal}
@media (max-width: 640px) {
  /* A table is wider than the page and scrolls, rather than a word a line. */
  .lens-table td.text > div {width: max-content; max-width: 12rem}
  /* Two sentences are not scrolled to. */
  .st-key-customer-why .lens-scroll {max-height: none !important}
  /* Names from both sides of a flow meet in the middle. */
  .sankey .node-label {font-size: 8.5px !important}
  /* Two filters side by side. */
  .st-key-filters [data-testid="stColumn"] {min-width: calc(50% - 1rem)}
  .st-key-filters [data-testid="stHorizontalBlock"] {gap: 0.6rem}
}
</style>
"""
