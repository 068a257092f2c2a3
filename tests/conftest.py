from hypothesis import settings

settings.register_profile("lightjobs", deadline=None, max_examples=100, derandomize=True)
settings.load_profile("lightjobs")
