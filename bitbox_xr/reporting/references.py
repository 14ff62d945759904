"""Works that a methods paragraph cites, in the style of the American Psychological Association."""

from typing import NamedTuple

__all__ = ["REFERENCES", "TRACKERS", "Reference"]


class Reference(NamedTuple):
    """How a work is cited in the text, and its entry in the list of references."""

    cited: str
    entry: str


REFERENCES = {
    "baltrusaitis2016": Reference(
        "Baltrušaitis et al., 2016",
        "Baltrušaitis, T., Robinson, P., & Morency, L.-P. (2016). OpenFace: An open source facial behavior analysis "
        "toolkit. In 2016 IEEE Winter Conference on Applications of Computer Vision (WACV) (pp. 1–10). IEEE. "
        "https://doi.org/10.1109/WACV.2016.7477553",
    ),
    "baltrusaitis2018": Reference(
        "Baltrušaitis et al., 2018",
        "Baltrušaitis, T., Zadeh, A., Lim, Y. C., & Morency, L.-P. (2018). OpenFace 2.0: Facial behavior analysis "
        "toolkit. In 2018 13th IEEE International Conference on Automatic Face & Gesture Recognition (FG 2018) "
        "(pp. 59–66). IEEE. https://doi.org/10.1109/FG.2018.00019",
    ),
    "benjamini": Reference(
        "Benjamini & Hochberg, 1995",
        "Benjamini, Y., & Hochberg, Y. (1995). Controlling the false discovery rate: A practical and powerful approach "
        "to multiple testing. Journal of the Royal Statistical Society: Series B (Methodological), 57(1), 289–300. "
        "https://doi.org/10.1111/j.2517-6161.1995.tb02031.x",
    ),
    "boker": Reference(
        "Boker et al., 2002",
        "Boker, S. M., Rotondo, J. L., Xu, M., & King, K. (2002). Windowed cross-correlation and peak picking for the "
        "analysis of variability in the association between behavioral time series. Psychological Methods, 7(3), "
        "338–355. https://doi.org/10.1037/1082-989X.7.3.338",
    ),
    "cheong": Reference(
        "Cheong et al., 2023",
        "Cheong, J. H., Jolly, E., Xie, T., Byrne, S., Kenney, M., & Chang, L. J. (2023). Py-Feat: Python Facial "
        "Expression Analysis Toolbox. Affective Science, 4(4), 781–796. https://doi.org/10.1007/s42761-023-00191-4",
    ),
    "freedman": Reference(
        "Freedman & Lane, 1983",
        "Freedman, D., & Lane, D. (1983). A nonstochastic interpretation of reported significance levels. Journal of "
        "Business & Economic Statistics, 1(4), 292–298. https://doi.org/10.1080/07350015.1983.10509354",
    ),
    "hoyer": Reference(
        "Hoyer & Hamman, 2017",
        "Hoyer, S., & Hamman, J. (2017). xarray: N-D labeled arrays and datasets in Python. Journal of Open Research "
        "Software, 5(1), Article 10. https://doi.org/10.5334/jors.148",
    ),
    "kleinbub": Reference(
        "Kleinbub & Ramseyer, 2021",
        "Kleinbub, J. R., & Ramseyer, F. T. (2021). rMEA: An R package to assess nonverbal synchronization in motion "
        "energy analysis time-series. Psychotherapy Research, 31(6), 817–830. "
        "https://doi.org/10.1080/10503307.2020.1844334",
    ),
    "lee": Reference(
        "Lee et al., 2019",
        "Lee, G. R., Gommers, R., Waselewski, F., Wohlfahrt, K., & O'Leary, A. (2019). PyWavelets: A Python package "
        "for wavelet analysis. Journal of Open Source Software, 4(36), Article 1237. https://doi.org/10.21105/joss.01237",
    ),
    "moulder": Reference(
        "Moulder et al., 2018",
        "Moulder, R. G., Boker, S. M., Ramseyer, F., & Tschacher, W. (2018). Determining synchrony between behavioral "
        "time series: An application of surrogate data generation for establishing falsifiable null-hypotheses. "
        "Psychological Methods, 23(4), 757–773. https://doi.org/10.1037/met0000172",
    ),
    "nichols": Reference(
        "Nichols & Holmes, 2002",
        "Nichols, T. E., & Holmes, A. P. (2002). Nonparametric permutation tests for functional neuroimaging: A primer "
        "with examples. Human Brain Mapping, 15(1), 1–25. https://doi.org/10.1002/hbm.1058",
    ),
    "phipson": Reference(
        "Phipson & Smyth, 2010",
        "Phipson, B., & Smyth, G. K. (2010). Permutation p-values should never be zero: Calculating exact p-values "
        "when permutations are randomly drawn. Statistical Applications in Genetics and Molecular Biology, 9(1), "
        "Article 39. https://doi.org/10.2202/1544-6115.1585",
    ),
    "prichard": Reference(
        "Prichard & Theiler, 1994",
        "Prichard, D., & Theiler, J. (1994). Generating surrogate data for time series with several simultaneously "
        "measured variables. Physical Review Letters, 73(7), 951–954. https://doi.org/10.1103/PhysRevLett.73.951",
    ),
    "rice": Reference(
        "Rice, 1944",
        "Rice, S. O. (1944). Mathematical analysis of random noise. Bell System Technical Journal, 23(3), 282–332. "
        "https://doi.org/10.1002/j.1538-7305.1944.tb00874.x",
    ),
    "sariyanidi": Reference(
        "Sariyanidi et al., 2024",
        "Sariyanidi, E., Zampella, C. J., Schultz, R. T., & Tunç, B. (2024). Inequality-constrained 3D morphable face "
        "model fitting. IEEE Transactions on Pattern Analysis and Machine Intelligence, 46(2), 1305–1318. "
        "https://doi.org/10.1109/TPAMI.2023.3334948",
    ),
    "steegen": Reference(
        "Steegen et al., 2016",
        "Steegen, S., Tuerlinckx, F., Gelman, A., & Vanpaemel, W. (2016). Increasing transparency through a multiverse "
        "analysis. Perspectives on Psychological Science, 11(5), 702–712. https://doi.org/10.1177/1745691616658637",
    ),
    "welch": Reference(
        "Welch, 1947",
        "Welch, B. L. (1947). The generalization of 'Student's' problem when several different population variances "
        "are involved. Biometrika, 34(1–2), 28–35. https://doi.org/10.1093/biomet/34.1-2.28",
    ),
}

# trackers by the attribute `backend`: the key of their work
TRACKERS = {
    "OpenFace 1": "baltrusaitis2016",
    "OpenFace 2": "baltrusaitis2018",
    "Py-Feat": "cheong",
    "rMEA": "kleinbub",
    "3DI": "sariyanidi",
}
