# Aliases only; `python3 dev.py` is the real thing and needs no make.
.PHONY: run test doctor screenshots messages lock

run test doctor screenshots messages lock:
	python3 dev.py $@
