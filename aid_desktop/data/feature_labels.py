"""What the numbers known of each event are called for people: words and units instead of the names in the file."""

import re

_LABELS = {
    "area_cvx": "Convex area [px]",
    "area_msd": "Measured area [px]",
    "area_ratio": "Porosity (convex to measured area)",
    "area_um": "Area [µm²]",
    "area_um_raw": "Area of the raw contour [µm²]",
    "aspect": "Aspect ratio of the bounding box",
    "bg_med": "Brightness of the background, median [a.u.]",
    "bright_avg": "Brightness, mean [a.u.]",
    "bright_sd": "Brightness, SD [a.u.]",
    "bright_bc_avg": "Brightness without background, mean [a.u.]",
    "bright_bc_sd": "Brightness without background, SD [a.u.]",
    "bright_perc_10": "Brightness without background, 10th percentile",
    "bright_perc_90": "Brightness without background, 90th percentile",
    "circ": "Circularity",
    "deform": "Deformation",
    "deform_raw": "Deformation of the raw contour",
    "eccentr_prnc": "Eccentricity of the raw contour",
    "emodulus": "Young's modulus [kPa]",
    "flow_rate": "Flow rate [µL/s]",
    "frame": "Video frame",
    "g_force": "Acceleration [g]",
    "index": "Number of the event",
    "index_online": "Number of the event in the measurement",
    "inert_ratio_cvx": "Inertia ratio of the convex contour",
    "inert_ratio_prnc": "Principal inertia ratio of the raw contour",
    "inert_ratio_raw": "Inertia ratio of the raw contour",
    "ml_class": "Most probable class",
    "nevents": "Events in the same image",
    "per_ratio": "Perimeter ratio (raw to convex)",
    "per_um_raw": "Perimeter of the raw contour [µm]",
    "pos_x": "Position along the channel [µm]",
    "pos_y": "Position across the channel [µm]",
    "pressure": "Pressure [mPa]",
    "qpi_dm": "Dry mass [pg]",
    "qpi_dm_dns": "Dry mass density [mg/ml]",
    "qpi_focus": "Focus distance [µm]",
    "qpi_pha_int": "Integrated phase [rad]",
    "qpi_ri_avg": "Refractive index, mean",
    "size_x": "Length of the bounding box [µm]",
    "size_y": "Height of the bounding box [µm]",
    "sym_x": "Symmetry left to right",
    "sym_y": "Symmetry top to bottom",
    "temp": "Temperature of the chip [°C]",
    "temp_amb": "Temperature of the room [°C]",
    "tilt": "Tilt of the raw contour",
    "time": "Time [s]",
    "volume": "Volume [µm³]",
}

_FLUORESCENCE = {
    "area": "area of the peak [a.u.]",
    "dist": "distance of the first two peaks [µs]",
    "max": "maximum [a.u.]",
    "max_ctc": "maximum without crosstalk [a.u.]",
    "npeaks": "number of peaks",
    "pos": "position of the peak [µs]",
    "width": "width of the peak [µs]",
}

_OF_CHANNEL = re.compile(r"fl([1-3])_(\w+)")
_SCORE = re.compile(r"ml_score_([a-z0-9]{3})")
_USER = re.compile(r"userdef(\d)")


def feature_label(name: str) -> str:
    """Return what a feature of an .rtdc file is, with its unit; a name that is not known as it is.

    The names are those that dclab documents.
    """
    if name in _LABELS:
        return _LABELS[name]
    if (match := _OF_CHANNEL.fullmatch(name)) and match[2] in _FLUORESCENCE:
        return f"FL-{match[1]} {_FLUORESCENCE[match[2]]}"
    if match := _SCORE.fullmatch(name):
        return f"Probability of class {match[1]}"
    if match := _USER.fullmatch(name):
        return f"User-defined {match[1]}"
    return name
