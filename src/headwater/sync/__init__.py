"""Reading sources into the warehouse: plan, engine, comparison."""
