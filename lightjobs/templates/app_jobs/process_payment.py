from lightjobs import Job


class ProcessPayment(Job):
    queue = "default"
    attempts = 3
    retryAfter = "+30 seconds"

    def handle(self) -> None:
        payment = self.payload["payment"]
        self.context.logger.info("payment %s taken on attempt %d", payment, self.context.attempt)
