"""The chat platforms of a shop: which are on, and what each needs to run."""

import mimetypes
import threading
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bot import texts
from bot.messages import Attachment, Message
from bot.platforms.base import LongConnection, Platform, SendError
from bot.platforms.console import ConsolePlatform
from bot.settings import Settings
from store import chats, clock
from store.db import Tx

if TYPE_CHECKING:  # what a shop does not use it does not load
    from bot.platforms.calls import Calls
    from bot.platforms.feishu.platform import FeishuPlatform
    from bot.platforms.wecom.platform import WecomPlatform

PURPOSE = "console"  # what the console's secret is derived for
MOST_FILES = 1  # of a message: what somebody wants done is done to one


@dataclass(frozen=True, slots=True)
class Channels:
    """The platforms that are switched on; the console always is."""

    console: ConsolePlatform
    feishu: "FeishuPlatform | None" = None
    wecom: "WecomPlatform | None" = None
    calls: "Calls | None" = None

    @property
    def platforms(self) -> dict[str, Platform]:
        """Each by its name."""
        found: tuple[Platform | None, ...] = (self.console, self.feishu, self.wecom)
        return {platform.name: platform for platform in found if platform is not None}

    @property
    def connections(self) -> tuple[LongConnection, ...]:
        """Those that the settings ask for."""
        found = (p.connection() for p in (self.feishu, self.wecom) if p is not None)
        return tuple(connection for connection in found if connection is not None)

    def direct(self, platform: str, user_id: str) -> str:
        """The chat that one person of a platform reads alone, "" for none."""
        known = self.platforms.get(platform)
        return known.direct(user_id) if known else ""

    def fetch(self, message: Message) -> tuple[Attachment, ...]:
        """The files of a message, or of the one it replies to. Raises ``SendError``."""
        platform = {"feishu": self.feishu, "wecom": self.wecom}.get(message.platform)
        if platform is None:
            return ()
        files = message.files
        if not files and self.feishu is not None and platform is self.feishu:
            files = self.feishu.parent_files(message)
        whole = replace(message, files=files)
        return tuple(
            Attachment(file.name, _mime(file.name), platform.download(whole, number))
            for number, file in enumerate(files[:MOST_FILES])
        )

    def called(self, message: Message) -> str:
        """What the sender of a message is called, "" when nobody knows. Raises ``SendError``."""
        if self.feishu is None or message.platform != self.feishu.name:
            return ""
        return self.feishu.called(message.user_id)

    def states(self) -> dict[str, str]:
        """What must be ``ok`` before the shop is ready: slow SDKs are loaded."""
        feishu = self.feishu
        return {} if feishu is None else {"feishu_sdk": "ok" if feishu.ready() else "starting"}

    def warm_up(self) -> None:
        """Load in the background what is slow to load; ``readyz`` tells when it is there."""
        if self.feishu is not None and not self.feishu.ready():
            threading.Thread(target=_warm, args=[self.feishu], name="warm-up", daemon=True).start()

    def close(self) -> None:
        """End outgoing calls."""
        if self.calls is not None:
            self.calls.close()


def make_channels(settings: Settings, console: ConsolePlatform, url: str) -> Channels:
    """The platforms as the settings say; ``url`` leads to the shop's own pages.

    Opens no connection and imports no SDK.
    """
    feishu, wecom = settings.feishu, settings.wecom
    talks_feishu = bool(feishu.app_id) or any(robot.on for robot in feishu.robots)
    talks_wecom = (
        bool(wecom.app.agent_id) or wecom.aibot.on or any(robot.on for robot in wecom.robots)
    )
    if not (talks_feishu or talks_wecom):
        return Channels(console)
    from bot.platforms.calls import Calls  # noqa: PLC0415  (see above)

    calls = Calls()
    return Channels(
        console,
        feishu=_feishu(settings, calls, url) if talks_feishu else None,
        wecom=_wecom(settings, calls, url) if talks_wecom else None,
        calls=calls,
    )


def _feishu(settings: Settings, calls: "Calls", url: str) -> "FeishuPlatform":
    from bot.platforms.feishu.platform import FeishuPlatform  # noqa: PLC0415  (see above)

    return FeishuPlatform(
        settings.feishu,
        window_s=settings.security.callback_window_seconds.feishu,
        own_url=url,
        calls=calls,
        now=clock.now,
    )


def _wecom(settings: Settings, calls: "Calls", url: str) -> "WecomPlatform":
    from bot.platforms.wecom.platform import WecomPlatform  # noqa: PLC0415  (see above)

    return WecomPlatform(
        settings.wecom,
        window_s=settings.security.callback_window_seconds.wecom,
        own_url=url,
        welcome=texts.say(settings.shop.language, "arrival.alone"),
        calls=calls,
        now=clock.now,
    )


def configure(tx: Tx, settings: Settings) -> None:
    """Make the send-only robots that the settings name chats that hear of their topics."""
    for platform, robots in (("feishu", settings.feishu.robots), ("wecom", settings.wecom.robots)):
        on = {f"robot/{robot.name}": robot.topics for robot in robots if robot.on}
        chats.configure(tx, platform, on)


def _mime(name: str) -> str:
    return mimetypes.guess_type(name)[0] or "application/octet-stream"


def _warm(feishu: "FeishuPlatform") -> None:
    with suppress(SendError):  # the platform is away; the adapter asks again when it needs to
        feishu.warm_up()
