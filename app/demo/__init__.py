"""The year of a township, told over HTTP: real villages, invented people and events (演示数据)."""
