"""County, township, village: the places that are the tenants, and the national list of divisions."""
