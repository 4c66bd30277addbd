"""A small story through the functions of a package, against moto and a stand-in carrier.

An operator's calls, three signed text messages, the queue messages that these really became, the
sweep: enough to run every function, and the libraries that only some requests need.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any

import boto3

from chalicelib.settings import Settings

from ..deployment import stack
from ..local import callers
from ..local.carriers import LOCAL_SECRETS, Carriers, Mailbox
from . import PackagingError, hold
from .building import Built
from .cloud import PolicedCloud
from .events import json_event, rest_event, schedule_event, sqs_event, twilio_event
from .functions import Function, Place
from .permissions import REGION

Tell = Callable[[str], None]

_SMS = "/webhooks/twilio/messages"
_JOE = "+15551230001"
_SECRETS = ("twilio_auth_token", "x_consumer_secret", "handover_webhook_secret")
_MAIL = "desk@retailerxyz.example"
_TEXTS = {
    f"SM{1:032x}": (_JOE, "do you have the Trailblazer GTX in a 44?"),
    f"SM{2:032x}": (_JOE, "I want to talk to a human"),
    f"SM{3:032x}": ("+15551230002", "STOP"),
}
"""By MessageSid: who sends it, and what it says."""
_CUSTOMER = {
    "identities": [f"phone:{_JOE}"],
    "profile": {"first_name": "Joe", "birth_date": "1986-05-02", "country": "US"},
    "preferences": {"service": ["sms"]},
}
_STORE = {"name": "Broadway", "address": "1 Broadway, New York", "location": [40.70, -74.01]}
_PRODUCT = {
    "title": "Trailblazer GTX",
    "brand": "Fjord",
    "product_type": "shoes/trail",
    "price": "129.90 USD",
    "availability": "in_stock",
    "link": "https://shop.example/p/tb-gtx",
    "size": "44",
    "color": "blue",
    "item_group_id": "tb",
    "stock": {"broadway": 3},
}
_OFFER = {
    "title": "10% off trail shoes",
    "purpose": "marketing",
    "rule": "customer.age >= 18 && days_since(customer.last_purchase['shoes']) < 400",
    "value": 12.5,
    "starts_at": "2026-01-01T00:00:00Z",
    "wording": {"default": "10% off, {{ customer.first_name }}!"},
}


class Story:
    """The functions of one package, the cloud and the carrier that they meet, and what happens."""

    def __init__(self, built: Built, place: Place, opened: ExitStack, tell: Tell) -> None:
        self._built = built
        self._place = place
        self._opened = opened
        self._tell = tell
        self._cloud = opened.enter_context(PolicedCloud())
        self._mailbox = Mailbox()
        self._environment = self._prepare()

    def play(self) -> None:
        """Raises PackagingError, with what a policy refused where that is the cause."""
        try:
            self._play()
        except PackagingError as error:
            if self._cloud.refused:
                raise PackagingError("; ".join([*self._cloud.refused, str(error)])) from error
            raise
        hold(not self._cloud.refused, "is refused by the policies", self._cloud.refused)
        count = len({permission for _, permission in self._cloud.used})
        self._tell(f"stays within .chalice/policy-{self._built.stage}-*.json: {count} permissions")

    def _play(self) -> None:
        api = self._function("app.app")
        self._answer_the_public(api)
        self._stock_the_shop(api)
        ids = self._receive_texts(api)
        self._work_off("app.handle_interactions", "InteractionsQueueArn", 2)
        self._work_off("app.handle_urgent", "UrgentQueueArn", 1)
        self._receive_notices()
        self._look_up(api, ids)
        self._sweep()
        self._learn(api)

    def _answer_the_public(self, api: Function) -> None:
        document = _asked(api, rest_event("GET", "/openapi.json"))
        hold(len(document["paths"]) > 20, "is not the API's description", ["/openapi.json"])
        self._tell(f"GET /openapi.json answers {len(document['paths'])} paths")
        health = _asked(api, rest_event("GET", "/healthz"))
        hold(health["stage"] == self._built.stage, "is another stage", [health["stage"]])
        for resource in ("/beacon.js", "/console"):
            served = _answered(api, rest_event("GET", resource), 200)
            hold(bool(served["body"]), "is empty", [resource])
        self._tell("GET /healthz, /beacon.js and /console answer")

    def _stock_the_shop(self, api: Function) -> None:
        for resource, id, document in (
            ("/stores/{id}", "broadway", _STORE),
            ("/products/{id}", "tb-44", _PRODUCT),
            ("/customers/{id}", "joe", _CUSTOMER),
            ("/offers/{id}", "trail-10", _OFFER),
        ):
            _asked(api, json_event("PUT", resource, document, id=id))
        _asked(api, json_event("POST", "/catalog/publish", {}))
        self._tell("keeps a store, a product, a customer, an offer with its CEL rule; publishes")

    def _receive_texts(self, api: Function) -> list[str]:
        token = LOCAL_SECRETS["twilio_auth_token"]
        for sid, (sender, text) in _TEXTS.items():
            form = {
                "MessageSid": sid,
                "AccountSid": LOCAL_SECRETS["twilio_account_sid"],
                "From": sender,
                "To": LOCAL_SECRETS["twilio_number"],
                "Body": text,
            }
            _answered(api, twilio_event(_SMS, form, token), 200)
            _answered(api, twilio_event(_SMS, form, f"not-{token}"), 401)
        self._tell(f"POST {_SMS} takes a signed message and refuses a forged one")
        return [f"twilio:{sid}" for sid in _TEXTS]

    def _receive_notices(self) -> None:
        """Two of AWS's topics, the queue behind them, and the queue that what they tell goes to."""
        told = stack.outputs(self._client("cloudformation"), self._built.stage)
        sns, brand = self._client("sns"), Settings.model_validate(LOCAL_SECRETS)
        rng, now = random.SystemRandom(), datetime.now(UTC)
        text = callers.aws_text(brand, _JOE, "how much is it?", rng=rng)
        mail = callers.mail(brand, "joe@example.com", "", "GTX in a 44?", now=now, rng=rng)
        sns.publish(TopicArn=told["TextsTopicArn"], Message=text.message)
        sns.publish(TopicArn=told["MailTopicArn"], Message=mail.message)
        self._work_off("app.handle_notices", "NoticesQueueArn", 2)
        self._work_off("app.handle_interactions", "InteractionsQueueArn", 2)

    def _work_off(self, handler: str, output: str, count: int) -> None:
        """Hand the function what is on its queue, as the event source mapping would."""
        sqs = self._client("sqs")
        arn = stack.outputs(self._client("cloudformation"), self._built.stage)[output]
        url = sqs.get_queue_url(QueueName=arn.rpartition(":")[2])["QueueUrl"]
        messages = list(_received(sqs, url))
        hold(len(messages) == count, f"are on {url}, not {count}", [str(len(messages))])
        self._function(handler).invoke(sqs_event(messages, arn))
        self._tell(f"{handler} works off the {count} on its queue")

    def _look_up(self, api: Function, ids: list[str]) -> None:
        for id in ids:
            found = _asked(api, rest_event("GET", "/interactions/{id}", parameters={"id": id}))
            hold(found["status"] in ("answered", "handed_over"), "is its status", [str(found)])
        texts = self._mailbox.messages("sms")
        hold(any("Trailblazer" in t.text for t in texts), "was not answered", ["the question"])
        self._tell(
            f"GET /interactions/{{id}} tells what became of each; {len(texts)} texts went out"
        )

    def _sweep(self) -> None:
        self._function("app.handle_sweep").invoke(schedule_event("handle_sweep"))
        self._tell("handle_sweep runs")

    def _learn(self, api: Function) -> None:
        offer = {**_OFFER, "rule": "customer.age >= 18"}
        _asked(api, json_event("PUT", "/offers/{id}", offer, id="grown-up"))
        _asked(api, json_event("POST", "/catalog/publish", {}))
        decided = _asked(api, json_event("POST", "/decisions", {"identity": "user:joe"}))
        hold(len(decided["offers"]) == 1, "is what was decided for Joe", [str(decided)])
        self._function("app.handle_collect").invoke(schedule_event("handle_collect"))
        self._work_off("app.handle_learn", "LearningQueueArn", 1)
        self._function("app.handle_snapshot").invoke(schedule_event("handle_snapshot"))
        candidate = _asked(api, rest_event("GET", "/models"))["candidate"]
        hold(candidate is not None, "left no candidate", ["handle_snapshot"])
        learned = _asked(api, json_event("POST", "/models", {}))
        hold(learned["observations"] > 0, "is what was counted", [str(learned)])
        _asked(api, json_event("PUT", "/models/rollout", {"share": 1}))
        told = _asked(api, rest_event("GET", "/models"))
        hold(told["live"] == learned["learned"], "is not what was learned", [str(told)])
        self._tell("counts what became of the offer, learns a model of it and makes it live")

    def _function(self, handler: str) -> Function:
        principal = f"AKIA{handler.rpartition('.')[2].replace('_', '').upper()}"
        self._cloud.hold(principal, policy_of(self._built, handler))
        environment = {
            **lambda_variables(handler, principal),
            **stated(self._built, handler),
            **self._environment,
        }
        function = self._opened.enter_context(Function(self._place, handler, environment))
        self._tell(f"{handler} is up in {function.init_seconds:.1f} s")
        return function

    def _prepare(self) -> dict[str, str]:
        """The stateful stack, the secrets and the carriers; the settings that tell of them."""
        outputs = stack.apply(self._client("cloudformation"), self._built.stage, pause_seconds=0.05)
        path = stated(self._built, "app.app")["SECRETS_PATH"]
        ssm = self._client("ssm")
        for name in _SECRETS:
            ssm.put_parameter(Name=f"{path}/{name}", Value=LOCAL_SECRETS[name], Type="SecureString")
        self._client("sesv2").create_email_identity(EmailIdentity=LOCAL_SECRETS["ses_sender"])
        carriers = Carriers(self._mailbox, clock=lambda: datetime.now(UTC))
        self._opened.callback(carriers.stop)
        urls = carriers.start()
        return {
            "AWS_ENDPOINT_URL": self._cloud.url,
            "ARTIFACTS_BUCKET": outputs["ArtifactsBucket"],
            # Outcomes are due at once: nobody waits for three days here.
            "ATTRIBUTION_HOURS": "0.000001",
            "SNAPSHOT_LEAST_DECISIONS": "1",
            "TWILIO_API_URL": urls.twilio_url,
            "TWILIO_ACCOUNT_SID": LOCAL_SECRETS["twilio_account_sid"],
            "TWILIO_NUMBER": LOCAL_SECRETS["twilio_number"],
            "SES_SENDER": LOCAL_SECRETS["ses_sender"],
            "HANDOVER_EMAIL": _MAIL,
        }

    def _client(self, service: str) -> Any:
        """An administrator's client of the proof's cloud."""
        return boto3.client(
            service,
            region_name=REGION,
            endpoint_url=self._cloud.url,
            aws_access_key_id="administrator",
            aws_secret_access_key="administrator",  # noqa: S106
        )


def policy_of(built: Built, handler: str) -> Mapping[str, Any]:
    """The hand-written policy that the function's role carries, as chalice packaged it."""
    role = built.functions()[handler]["Role"]["Fn::GetAtt"][0]
    policies = built.template["Resources"][role]["Properties"]["Policies"]
    document: Mapping[str, Any] = policies[0]["PolicyDocument"]
    return document


def stated(built: Built, handler: str) -> dict[str, str]:
    """The environment that .chalice/config.json gives the function."""
    return dict(built.functions()[handler]["Environment"]["Variables"])


def lambda_variables(handler: str, principal: str = "none") -> dict[str, str]:
    """What Lambda sets beside ours.

    https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime
    """
    return {
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": principal,
        "AWS_SECRET_ACCESS_KEY": principal,
        "AWS_SESSION_TOKEN": principal,
        "AWS_LAMBDA_FUNCTION_NAME": handler,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1024",
        "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "_HANDLER": handler,
    }


def _received(sqs: Any, url: str) -> Iterator[Mapping[str, Any]]:
    while True:
        answer = sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, MessageSystemAttributeNames=["All"]
        )
        if not answer.get("Messages"):
            return
        yield from answer["Messages"]


def _asked(api: Function, event: Mapping[str, Any]) -> Any:
    """The JSON of the 200 answer."""
    return json.loads(_answered(api, event, 200)["body"])


def _answered(api: Function, event: Mapping[str, Any], status: int) -> Any:
    answer = api.invoke(event)
    named = f"{event['httpMethod']} {event['path']}"
    hold(answer["statusCode"] == status, f"is not {status}", [named, str(answer)[:500]])
    return answer
