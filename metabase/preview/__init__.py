"""The dashboards drawn on this machine with Streamlit and Plotly, from the same files."""
