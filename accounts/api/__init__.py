"""How the web API knows who calls, and how it says no. Settings name these parts."""
