from hypothesis import settings

# A busy machine makes one example slow; that is no defect of a pure function.
settings.register_profile("policies", deadline=None)
settings.load_profile("policies")
