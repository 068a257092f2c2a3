"""The jobs of this project. `lightjobs` imports every module in this package."""
