"""The chat platforms of a shop: which are on, and what each needs to run."""

import mimetypes
import threading
from dataclasses import dataclass, field, replace

from bot import texts
from bot.messages import Attachment, Message
from bot.platforms.base import LongConnection, Platform, SendError
from bot.platforms.calls import Calls
from bot.platforms.console import ConsolePlatform
from bot.platforms.feishu.platform import FeishuPlatform
from bot.platforms.wecom.platform import WecomPlatform
from bot.settings import Settings
from store import chats
from store.clock import Clock
from store.db import Tx

PURPOSE = "console"  # what the console's secret is derived for
MOST_FILES = 1  # of a message: what somebody wants done is done to one


@dataclass(frozen=True, slots=True)
class Channels:
    """The platforms that are switched on; the console always is."""

    console: ConsolePlatform
    feishu: FeishuPlatform | None = None
    wecom: WecomPlatform | None = None
    calls: Calls = field(default_factory=Calls)

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

    def states(self) -> dict[str, str]:
        """What must be ``ok`` before the shop is ready: slow SDKs are loaded."""
        feishu = self.feishu
        return {} if feishu is None else {"feishu": "ok" if feishu.ready() else "starting"}

    def warm_up(self) -> None:
        """Load in the background what is slow to load; ``readyz`` tells when it is there."""
        if self.feishu is not None and not self.feishu.ready():
            threading.Thread(target=_warm, args=[self.feishu], name="warm-up", daemon=True).start()

    def close(self) -> None:
        """End outgoing calls."""
        self.calls.close()


def make_channels(settings: Settings, console_secret: str, now: Clock) -> Channels:
    """The platforms as the settings say. Opens no connection and imports no SDK."""
    calls, windows = Calls(), settings.security.callback_window_seconds
    feishu, wecom = settings.feishu, settings.wecom
    return Channels(
        console=ConsolePlatform(console_secret, now=now),
        feishu=FeishuPlatform(
            feishu, window_s=windows.feishu, own_url=settings.shop.public_url, calls=calls, now=now
        )
        if feishu.app_id or any(robot.on for robot in feishu.robots)
        else None,
        wecom=WecomPlatform(
            wecom,
            window_s=windows.wecom,
            own_url=settings.shop.public_url,
            welcome=texts.say(settings.shop.language, "arrival.hello"),
            calls=calls,
            now=now,
        )
        if wecom.app.agent_id or wecom.aibot.on or any(robot.on for robot in wecom.robots)
        else None,
        calls=calls,
    )


def configure(tx: Tx, settings: Settings) -> None:
    """Make the send-only robots that the settings name chats that hear of their topics."""
    for platform, robots in (("feishu", settings.feishu.robots), ("wecom", settings.wecom.robots)):
        on = {f"robot/{robot.name}": robot.topics for robot in robots if robot.on}
        chats.configure(tx, platform, on)


def _mime(name: str) -> str:
    return mimetypes.guess_type(name)[0] or "application/octet-stream"


def _warm(feishu: FeishuPlatform) -> None:
    try:
        feishu.warm_up()
    except SendError:
        pass  # the platform is away; the adapter asks again when it needs to
