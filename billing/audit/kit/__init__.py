"""The customer's own verifier, in small parts: standard library only, nothing of Ratecard's.

It is written against the published charge grammar, not against our rater, so that it is a second opinion.
`billing.audit.script` joins the parts into the one `verify.py` of an audit kit.
"""
