"""The properties of cards, JSON 2.0 ("卡片 JSON 2.0 结构" and the pages of the components)."""

CARD = frozenset({"schema", "config", "card_link", "header", "body"})
CONFIG = frozenset(
    [
        "streaming_mode",
        "streaming_config",
        "summary",
        "locales",
        "enable_forward",
        "update_multi",
        "width_mode",
        "use_custom_translation",
        "enable_forward_interaction",
        "style",
    ]
)
HEADER = frozenset(
    ["title", "subtitle", "text_tag_list", "i18n_text_tag_list", "template", "icon", "padding"]
)
_LAYOUT = frozenset(
    [
        "direction",
        "padding",
        "horizontal_spacing",
        "horizontal_align",
        "vertical_spacing",
        "vertical_align",
    ]
)
BODY = _LAYOUT | {"elements"}
COLOURS = frozenset(
    [
        "blue",
        "wathet",
        "turquoise",
        "green",
        "yellow",
        "orange",
        "red",
        "carmine",
        "violet",
        "purple",
        "indigo",
        "grey",
        "default",
    ]
)
BUTTON_TYPES = frozenset(
    [
        "default",
        "primary",
        "danger",
        "text",
        "primary_text",
        "danger_text",
        "primary_filled",
        "danger_filled",
        "laser",
    ]
)
TABLE_COLUMN = frozenset(
    [
        "name",
        "display_name",
        "data_type",
        "format",
        "date_format",
        "width",
        "vertical_align",
        "horizontal_align",
    ]
)
DATA_TYPES = frozenset(["text", "lark_md", "markdown", "number", "options", "persons", "date"])

_EVERY = frozenset({"tag", "element_id", "margin"})
_ASKS = _EVERY | frozenset(
    ["name", "required", "disabled", "placeholder", "width", "behaviors", "confirm", "value"]
)
_HINTS = frozenset(["hover_tips", "disabled", "disabled_tips", "confirm", "behaviors"])

ELEMENTS: dict[str, frozenset[str]] = {
    "div": _EVERY | {"text", "icon", "width", "fields"},
    "markdown": _EVERY | {"content", "i18n_content", "text_align", "text_size", "icon"},
    "hr": _EVERY,
    "img": _EVERY
    | frozenset(
        ["img_key", "alt", "title", "corner_radius", "scale_type", "size", "transparent", "preview"]
    ),
    "img_combination": _EVERY
    | {"combination_mode", "combination_transparent", "corner_radius", "img_list"},
    "person": _EVERY | {"user_id", "size", "show_avatar", "show_name", "style"},
    "person_list": _EVERY
    | frozenset(
        ["persons", "size", "lines", "show_avatar", "show_name", "drop_invalid_user_id", "icon"]
    ),
    "table": _EVERY
    | frozenset(
        [
            "page_size",
            "row_height",
            "row_max_height",
            "freeze_first_column",
            "header_style",
            "columns",
            "rows",
        ]
    ),
    "chart": _EVERY | {"aspect_ratio", "color_theme", "chart_spec", "preview", "height", "media"},
    "button": _EVERY
    | _HINTS
    | {"type", "size", "text", "icon", "name", "required", "form_action_type", "width"},
    "input": _ASKS
    | frozenset(
        [
            "default_value",
            "max_length",
            "label",
            "label_position",
            "input_type",
            "rows",
            "auto_resize",
            "max_rows",
            "show_icon",
            "fallback",
        ]
    ),
    "select_static": _ASKS | {"options", "initial_option", "initial_index", "type"},
    "multi_select_static": _ASKS | {"options", "selected_values", "type"},
    "select_person": _ASKS | {"options", "initial_option", "type"},
    "multi_select_person": _ASKS | {"options", "selected_values", "type"},
    "select_img": _ASKS
    | {"options", "multi_select", "layout", "aspect_ratio", "can_preview", "style"},
    "date_picker": _ASKS | {"initial_date"},
    "picker_time": _ASKS | {"initial_time"},
    "picker_datetime": _ASKS | {"initial_datetime"},
    "overflow": _EVERY | {"options", "width", "value", "confirm", "behaviors"},
    "checker": _EVERY
    | _HINTS
    | {"name", "checked", "text", "overall_checkable", "button_area", "checked_style", "padding"},
    "form": _EVERY | _LAYOUT | {"name", "elements", "confirm"},
    "column_set": _EVERY
    | {
        "columns",
        "flex_mode",
        "background_style",
        "horizontal_spacing",
        "horizontal_align",
        "action",
    },
    "column": _EVERY | _LAYOUT | {"elements", "width", "weight", "background_style", "action"},
    "collapsible_panel": _EVERY
    | _LAYOUT
    | {"elements", "expanded", "header", "border", "background_color"},
    "interactive_container": _EVERY
    | _LAYOUT
    | _HINTS
    | frozenset(
        [
            "elements",
            "width",
            "height",
            "background_style",
            "has_border",
            "border_color",
            "corner_radius",
        ]
    ),
}
FORM_FIELDS = frozenset(
    [
        "input",
        "select_static",
        "multi_select_static",
        "select_person",
        "multi_select_person",
        "select_img",
        "date_picker",
        "picker_time",
        "picker_datetime",
        "checker",
    ]
)
ROOT_ONLY = frozenset({"table", "form"})
