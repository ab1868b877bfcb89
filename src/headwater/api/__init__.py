"""The HTTP doors: a route reads the request, asks one room, shapes the answer."""
