"""How dates are written where no template says otherwise. Every instant names its zone."""
