"""Keeps a company's CRM data live, exact and isolated in its own PostgreSQL."""

__version__ = "0.1.0"
