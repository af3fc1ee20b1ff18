"""Result records in, one offline HTML file with its tables as CSV and LaTeX out; imports no torch."""
