"""Jobs of the billing department: handlers `App\\Jobs\\Billing\\…`."""
