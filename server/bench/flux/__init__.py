"""`portail bench flux`: how fair the rule is, against goals written beforehand."""
