"""What a year would give under other rates: drawn many times, by the rule of the advice."""
