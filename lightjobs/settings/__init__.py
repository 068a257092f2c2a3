"""What `config/` and the environment say, checked, with the defaults applied last."""
