"""From what a person names to a model that can be asked: endpoint, agent, function, application or local folder."""

from dataclasses import dataclass

from haipkit.kernel.errors import UsageError
from haipkit.kernel.outside import AsyncModel


@dataclass(frozen=True)
class Named:
    """What a person may name; exactly one of `endpoint`, `agent`, `function`, `application` and `folder`.

    `ask` and `reply` say how an agent is spoken to (`model_agent`).
    """

    endpoint: str = ""
    agent: str = ""
    ask: str = ""
    reply: str = ""
    function: str = ""
    application: str = ""
    folder: str = ""
    model: str = ""
    key_variable: str = ""
    ca_file: str = ""
    seconds: float = 120.0
    at_once: int = 8
    attempts: int = 4
    """Requests of one call to an endpoint; 1 where whoever calls decides about another."""

    @property
    def kind(self) -> str:
        """In words: endpoint, agent, function, application or local model. Raises UsageError unless one is named."""
        words = {"endpoint": self.endpoint, "agent": self.agent, "function": self.function}
        words |= {"application": self.application, "local model": self.folder}
        named = [word for word, value in words.items() if value]
        if len(named) != 1:
            what = "no model is named" if not named else "more than one model is named"
            raise UsageError(
                what,
                advice="Name one of --endpoint, --agent, --function, --application, --local.",
            )
        if not (self.endpoint or self.agent) and (self.key_variable or self.ca_file):
            raise UsageError("--key-variable and --ca-file belong to an endpoint or an agent")
        if not self.agent and (self.ask or self.reply):
            raise UsageError("--ask and --reply belong to an agent")
        return named[0]


async def open_model(named: Named) -> AsyncModel:
    """The model, ready to be asked; close it. Raises what opening it raises, as HaipError."""
    kind = named.kind
    if kind in ("endpoint", "agent"):
        from haipkit.adapters.model_agent import ASK, REPLY, AgentModel
        from haipkit.adapters.model_http import Endpoint, HttpModel, Limits

        url = named.endpoint or named.agent
        address = Endpoint(url, named.model, named.key_variable, ca_file=named.ca_file)
        limits = Limits(connections=named.at_once, seconds=named.seconds, attempts=named.attempts)
        if kind == "agent":
            return AgentModel(address, named.ask or ASK, named.reply or REPLY, limits)
        model = HttpModel(address, limits)
        try:
            await model.reach()
            await model.find_name()
        except BaseException:
            await model.close()
            raise
        return model
    if kind == "local model":
        from haipkit.adapters.model_hf import HfModel

        return HfModel(named.folder)
    from haipkit.adapters.model_callable import CallableModel, load_target

    place = named.function or named.application
    target = load_target(place)
    own = getattr(target, "name", None)
    # A path says more of a machine than of a model.
    name = named.model or (own if isinstance(own, str) and own else place.replace("\\", "/").rpartition("/")[2])
    if kind == "function":
        return CallableModel(target, name, threads=named.at_once, seconds=named.seconds)
    from haipkit.adapters.model_asgi import AsgiModel

    return AsgiModel(target, name, seconds=named.seconds)
